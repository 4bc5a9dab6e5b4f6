dpkg --get-selections hello ed 2> /dev/null
cat /etc/apt/sources.list.d/local.list 2> /dev/null
dpkg --verify || echo 'a package was changed'
stat -c '%U:%G' /made/release
