// Says how long it has been running, at every path.
const http = require("http");
const text = require("./text");

const began = Date.now();
const server = http.createServer((_, response) => response.end(text(Date.now() - began)));
server.listen(8080, () => console.log("listening"));
