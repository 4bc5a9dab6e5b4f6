package Greet::Loud;
use strict;
use warnings;

sub name { return uc shift }

1;
