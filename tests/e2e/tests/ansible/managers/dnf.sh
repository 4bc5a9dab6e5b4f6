rpm -qa | sed 's/^\(gpg-pubkey\).*/\1/' | sort
rpm -q --qf '%{RSAHEADER:pgpsig}\n' hello | cut -d, -f1
head /opt/* /disc/*
cat /etc/yum.repos.d/local.repo
