# Makes /repository, whose packages and index are signed by /repository/key.asc; /unsigned, a package that nobody has signed;
# and /disc.iso.
set -e
# Debian keeps the database of rpm in root's home.
mkdir -p /etc/rpm /etc/yum.repos.d /etc/zypp/repos.d /repository /unsigned
echo '%_dbpath /var/lib/rpm' > /etc/rpm/macros

package() { # NAME VERSION DIRECTORY
  cat > /tmp/$1.spec <<EOF
Name: $1
Version: $2
Release: 1
Summary: A greeting
License: MIT
BuildArch: noarch
%description
A greeting.
%install
mkdir -p %{buildroot}/opt
echo "$1 $2" > %{buildroot}/opt/$1
%files
/opt/$1
EOF
  rpmbuild --quiet -bb --define "_rpmdir $3" --define "_rpmfilename %%{NAME}-%%{VERSION}.rpm" --define "_topdir /tmp/rpmbuild" /tmp/$1.spec
}
package hello 1.0 /repository
package hello 1.1 /repository
package friend 1.0 /repository
package stranger 1.0 /unsigned

export GNUPGHOME=/tmp/gnupg
mkdir -m 700 $GNUPGHOME
gpg --quiet --batch --passphrase '' --quick-generate-key packages@example.org rsa2048 sign never
gpg --armor --export > /repository/key.asc
rpmsign --define '_gpg_name packages@example.org' --define '__gpg /usr/bin/gpg' --addsign /repository/*.rpm > /dev/null
createrepo_c --quiet --no-database /repository
gpg --batch --armor --detach-sign /repository/repodata/repomd.xml
cp /repository/key.asc /repository/repodata/repomd.xml.key
gpgconf --kill all

mkdir -p /tmp/disc/boot
echo 'on the disc' > /tmp/disc/boot/greeting
genisoimage -quiet -joliet -rock -o /disc.iso /tmp/disc
rm -rf /tmp/* /root/rpmbuild
