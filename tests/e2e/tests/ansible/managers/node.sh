for project in /npm /yarn /npm-named /yarn-named; do echo $project: $($project/node_modules/.bin/greet); done
grep -v shasum /npm-named/package.json
npm list --global
greet; readlink -f $(command -v greet)
