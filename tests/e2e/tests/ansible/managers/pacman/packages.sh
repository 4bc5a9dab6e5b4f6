# Makes /repository, what its index will be when there is a new version, and /file with a package that is in no repository.
set -e
mkdir -p /repository /file

package() { # NAME VERSION DIRECTORY [GROUP]
  rm -rf /tmp/package
  mkdir -p /tmp/package/opt
  echo "$1 $2" > /tmp/package/opt/$1
  printf '%s = %s\n' pkgname $1 pkgver $2-1 pkgdesc 'A greeting' arch any size 16 > /tmp/package/.PKGINFO
  [ -z "$4" ] || echo "group = $4" >> /tmp/package/.PKGINFO
  file=$1-$2-1-any.pkg.tar.gz
  tar -C /tmp/package -czf $3/$file .PKGINFO opt
  mkdir -p /tmp/index/$1-$2-1
  printf '%%%s%%\n%s\n\n' FILENAME $file NAME $1 VERSION $2-1 ARCH any CSIZE $(stat -c %s $3/$file) ISIZE 16 \
    ${4:+GROUPS $4} > /tmp/index/$1-$2-1/desc
}
# makepkg and repo-add would do the same, with perl and TeX.
index() { (cd /tmp/index && tar -czf $1 *); }
package hello 1.0 /repository
package friend 1.0 /repository company
package neighbour 1.0 /repository company
index /repository/packages.db
rm -r /tmp/index/hello-*
package hello 1.1 /repository
index /repository/next.db
package stranger 1.0 /file
ln -sf /proc/self/mounts /etc/mtab
cat >> /etc/pacman.conf <<EOF
[packages]
SigLevel = Never
Server = file:///repository
EOF
# As everywhere where there is pacman, something is installed already, for its own sake and for that of others: when it lists
# nothing, pacman fails, and the module with it.
package base 1.0 /tmp
package needed 1.0 /tmp
pacman --noconfirm --upgrade /tmp/base-*.gz
pacman --noconfirm --upgrade --asdeps /tmp/needed-*.gz
rm -rf /tmp/*
