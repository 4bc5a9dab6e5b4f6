rpm -qa | sed 's/^\(gpg-pubkey\).*/\1/' | sort
head /opt/*
zypper --xmlout repos | grep '<repo '
