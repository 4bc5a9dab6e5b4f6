<?php

namespace Shop;

/** A page with a list of things. */
class Page
{
    public function text(array $things): string
    {
        return implode('', array_map(fn ($it) => "<li>$it\n", $things));
    }
}
