printf "Content-Length: %s\n\n" "$(wc -c < index.html)"
cat index.html
