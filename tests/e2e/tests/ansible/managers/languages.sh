gem list | grep greeting
GEM_HOME=/gems gem list | grep greeting
cd /ruby && bundle exec ruby -e 'require "greeting"; greet'
php -r 'require "/php/vendor/autoload.php"; greet();'
pear list -a | grep Greeting
php -r 'require "Greeting.php";'
perl -MGreeting -e 'Greeting::greet'
PERL5LIB=/perl/lib/perl5 perl -MFarewell -e 'Farewell::greet'
for python in /usr/bin/python3 /venv/bin/python /virtualenv/bin/python; do
  $python -c 'import greeting; greeting.greet(); print(greeting.__file__)'
done
