use strict;
use warnings;
use Greet;

print Greet::to(shift), "\n";
