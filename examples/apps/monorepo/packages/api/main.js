const greeting = require("greeting");

console.log(JSON.stringify({ greeting: greeting("api") }));
