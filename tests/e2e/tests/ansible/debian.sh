cd /made
show() { echo "$1: $(cat "$1")"; }
for file in shell raw scripted lines ini assembled found out/in/a fetched legacy rescued always environment getent in/local.repo; do show $file; done
stat -c '%n %a %U' dir copied lines
head -1 key public csr certificate
ls | grep -c temporary
test -e never || echo 'nothing after the end'
grep -c '^worker:\$6\$salt' /etc/shadow
cat /home/worker/mine; stat -c '%U' /home/worker/mine
crontab -l | tail -1
cat /etc/timezone; readlink /etc/localtime
locale -a | grep de_DE
dpkg --get-selections cron
echo get tzdata/Areas | debconf-communicate | head -1
cat /etc/apt/sources.list.d/local.list
apt-key list 2> /dev/null | grep -c example.org
which python3 python || echo 'no python'
ls -d /.werf /root/.ansible 2> /dev/null || echo 'nothing left'
