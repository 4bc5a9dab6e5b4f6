# Answers once: what a request would get.
echo "$APP_ENV: $(cat index.html)"
cat "public/$(grep "js$" public/manifest.txt)"
