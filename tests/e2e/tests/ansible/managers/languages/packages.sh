# Makes a package for each program below /packages, and projects that ask for them.
set -e
mkdir /packages

# gem, bundler: a source of gems
mkdir -p /packages/ruby/gems /tmp/gem /ruby
cd /tmp/gem
echo 'def greet = puts("hello from ruby")' > greeting.rb
cat > greeting.gemspec <<EOF
Gem::Specification.new do |gem|
  gem.name, gem.version, gem.summary, gem.authors = "greeting", "1.0.0", "A greeting", ["Ada"]
  gem.license, gem.homepage = "MIT", "https://example.org"
  gem.files, gem.require_path = ["greeting.rb"], "."
end
EOF
gem build --quiet --output /packages/ruby/gems/greeting-1.0.0.gem greeting.gemspec
gem generate_index --quiet --directory /packages/ruby
printf 'source "file:///packages/ruby"\ngem "greeting"\n' > /ruby/Gemfile

# composer: a directory with a package
mkdir -p /packages/php /php
echo '{"name": "ada/greeting", "version": "1.0.0", "autoload": {"files": ["greeting.php"]}}' > /packages/php/composer.json
echo '<?php function greet() { echo "hello from php\n"; }' > /packages/php/greeting.php
cat > /php/composer.json <<EOF
{
  "repositories": [{"type": "path", "url": "/packages/php", "options": {"symlink": false}}, {"packagist.org": false}],
  "require": {"ada/greeting": "^1.0"}
}
EOF

# pear: a channel, which http://localhost is to serve, and for easy_install, too
mkdir -p /packages/served/rest/p/greeting /packages/served/rest/r/greeting /tmp/pear
cd /packages/served
cat > channel.xml <<EOF
<channel version="1.0" xmlns="http://pear.php.net/channel-1.0">
  <name>localhost</name> <summary>Greetings</summary> <suggestedalias>example</suggestedalias>
  <servers> <primary> <rest> <baseurl type="REST1.0">http://localhost/rest/</baseurl> </rest> </primary> </servers>
</channel>
EOF
cat > rest/p/greeting/info.xml <<EOF
<p xmlns="http://pear.php.net/dtd/rest.package">
  <n>Greeting</n> <c>localhost</c> <ca href="c">Greetings</ca> <l>MIT</l> <s>A greeting</s> <d>A greeting.</d>
</p>
EOF
cat > rest/r/greeting/allreleases.xml <<EOF
<a xmlns="http://pear.php.net/dtd/rest.allreleases"> <p>Greeting</p> <c>localhost</c> <r> <v>1.0.0</v> <s>stable</s> </r> </a>
EOF
cat > rest/r/greeting/1.0.0.xml <<EOF
<r xmlns="http://pear.php.net/dtd/rest.release">
  <p href="p">Greeting</p> <c>localhost</c> <v>1.0.0</v> <st>stable</st> <l>MIT</l> <m>ada</m> <s>A greeting</s> <d>A greeting.</d>
  <da>2024-05-01 12:00:00</da> <n>The first.</n> <f>1000</f> <g>http://localhost/Greeting-1.0.0</g>
</r>
EOF
php -r 'echo serialize(["required" => ["php" => ["min" => "5.0"], "pearinstaller" => ["min" => "1.9.0"]]]);' \
  > rest/r/greeting/deps.1.0.0.txt
pear channel-add channel.xml
cd /tmp/pear
echo '<?php echo "hello from pear\n";' > Greeting.php
cat > package.xml <<EOF
<package version="2.0" xmlns="http://pear.php.net/dtd/package-2.0">
  <name>Greeting</name> <channel>localhost</channel> <summary>A greeting</summary> <description>A greeting.</description>
  <lead> <name>Ada</name> <user>ada</user> <email>ada@example.org</email> <active>yes</active> </lead>
  <date>2024-05-01</date> <version> <release>1.0.0</release> <api>1.0.0</api> </version>
  <stability> <release>stable</release> <api>stable</api> </stability> <license>MIT</license> <notes>The first.</notes>
  <contents> <dir name="/"> <file name="Greeting.php" role="php"/> </dir> </contents>
  <dependencies> <required> <php> <min>5.0</min> </php> <pearinstaller> <min>1.9.0</min> </pearinstaller> </required> </dependencies>
  <phprelease/>
</package>
EOF
pear package
mv Greeting-1.0.0.tgz /packages/served

# cpanm: a mirror of CPAN, an archive of its own
mkdir -p /packages/perl/modules /packages/perl/authors/id/A/AD/ADA
archive() { # NAME DIRECTORY
  mkdir -p /tmp/perl/$1-1.0/lib
  cd /tmp/perl/$1-1.0
  printf "package $1;\nour \$VERSION = '1.0';\nsub greet { print qq(hello from perl\\\\n) }\n1;\n" > lib/$1.pm
  echo "use ExtUtils::MakeMaker; WriteMakefile(NAME => '$1', VERSION_FROM => 'lib/$1.pm');" > Makefile.PL
  printf "Makefile.PL\nMANIFEST\nlib/$1.pm\n" > MANIFEST
  tar -C .. -czf $2/$1-1.0.tar.gz $1-1.0
}
archive Greeting /packages/perl/authors/id/A/AD/ADA
archive Farewell /packages/perl
printf 'File: 02packages.details.txt\nLine-Count: 1\n\nGreeting 1.0 A/AD/ADA/Greeting-1.0.tar.gz\n' |
  gzip > /packages/perl/modules/02packages.details.txt.gz

# pip, easy_install: a source archive and a wheel
mkdir -p /packages/python /tmp/python
cd /tmp/python
echo 'def greet(): print("hello from python")' > greeting.py
echo 'from setuptools import setup; setup(name="greeting", version="1.0", py_modules=["greeting"])' > setup.py
python3 setup.py --quiet sdist --dist-dir /packages/served bdist_wheel --dist-dir /packages/python 2> /dev/null
echo greeting > /packages/python/requirements.txt
# Setuptools has the command, but no program any more that runs it; this is what it did. Debian patches setuptools for the
# distutils of its python.
cat > /usr/local/bin/easy_install <<EOF
#!/usr/bin/python3
import os, sys
os.environ["SETUPTOOLS_USE_DISTUTILS"] = "stdlib"
from setuptools import setup
setup(script_args=["-q", "easy_install", "-v"] + sys.argv[1:], script_name="easy_install")
EOF
chmod +x /usr/local/bin/easy_install
printf '[easy_install]\nfind_links = http://localhost/\nindex_url = http://localhost/\n' > /root/.pydistutils.cfg
rm -rf /tmp/* /root/.cache /root/.local
