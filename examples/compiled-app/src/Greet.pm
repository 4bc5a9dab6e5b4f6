package Greet;
use strict;
use warnings;
use Greet::Loud;

sub to { return "Hello, " . Greet::Loud::name(shift) . "!" }

1;
