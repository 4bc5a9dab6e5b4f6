rpm -qa | sed 's/^\(gpg-pubkey\).*/\1/' | sort
rpm -q --qf '%{RSAHEADER:pgpsig}\n' hello | cut -d, -f1
head /opt/* /disc/*
cat /etc/yum.repos.d/local.repo
ls -d /root/.ansible /tmp/ansible* 2> /dev/null || echo 'nothing left'
