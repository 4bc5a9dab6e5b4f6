const ms = require("ms");

module.exports = (name) => `hello, ${name}, open for ${ms(ms("2 hours"), { long: true })}`;
