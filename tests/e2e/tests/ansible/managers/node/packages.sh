# Makes /registry, what http://127.0.0.1:8099 is to serve, and the projects that use it.
set -e
mkdir -p /registry /tmp/greeting /npm /yarn
cd /tmp/greeting
versions=
for version in 1.0.0 1.1.0; do
  echo '{"name": "greeting", "version": "'$version'", "license": "MIT", "bin": {"greet": "greet.js"}}' > package.json
  printf '#!/usr/bin/env node\nconsole.log("greeting %s")\n' $version > greet.js
  npm pack --silent --pack-destination /registry
  file=greeting-$version.tgz
  sum=$(sha1sum /registry/$file)
  versions="$versions${versions:+, }"'"'$version'": {"name": "greeting", "version": "'$version'", "bin": {"greet": "greet.js"},
    "dist": {"tarball": "http://127.0.0.1:8099/'$file'", "shasum": "'${sum%% *}'"}}'
done
echo '{"name": "greeting", "dist-tags": {"latest": "1.1.0"}, "versions": {'"$versions"'}}' > /registry/greeting
for project in npm yarn; do
  echo '{"name": "project", "version": "1.0.0", "license": "MIT", "dependencies": {"greeting": "1.0.0"}}' > /$project/package.json
done
rm -rf /tmp/* /root/.npm
