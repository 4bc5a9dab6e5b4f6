# Products in, HTML out.
BEGIN { print "<!doctype html>\n<title>Catalogue</title>\n<ul>" }
{ print "<li>" $1 ": " $2 " €" ($3 > 0 ? "" : " (sold out)") }
END { print "</ul>" }
