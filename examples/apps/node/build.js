// Puts the modules of `src` into `dist`, without comments.
const fs = require("fs");

fs.mkdirSync("dist", { recursive: true });
for (const name of fs.readdirSync("src")) {
  const lines = fs.readFileSync(`src/${name}`, "utf8").split("\n");
  const kept = lines.filter((line) => !line.trimStart().startsWith("//"));
  fs.writeFileSync(`dist/${name}`, kept.join("\n"));
}
