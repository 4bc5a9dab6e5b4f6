// Makes the page.
const fs = require("fs");
const greeting = require("greeting");

fs.mkdirSync("/www", { recursive: true });
fs.writeFileSync("/www/index.html", `<h1>${greeting("web")}</h1>\n`);
