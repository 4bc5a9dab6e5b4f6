const ms = require("ms");

module.exports = (time) => `open for ${ms(Math.floor(time / 60000) * 60000, { long: true })}\n`;
