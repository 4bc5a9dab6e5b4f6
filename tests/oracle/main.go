// Oracle asks Go for the answers that tests expect: text/template with sprig and werf's own functions, yaml.v2,
// regexp, Masterminds semver and doublestar. README.md says how to run it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "functions" {
		listFunctions()
		return
	}
	input := bufio.NewReader(os.Stdin)
	if first, err := input.Peek(1); err == nil && first[0] != '{' {
		write(linesOfSprig(input))
		return
	}
	var file map[string]interface{}
	decoder := json.NewDecoder(input)
	decoder.UseNumber()
	if err := decoder.Decode(&file); err != nil {
		log.Fatal(err)
	}
	for _, item := range file["cases"].([]interface{}) {
		answer(item.(map[string]interface{}))
	}
	write(file)
}

// answer adds Go's answer to a case of whatever format.
func answer(c map[string]interface{}) {
	switch {
	case c["template"] != nil:
		c["expected"] = render(c)
	case c["yaml"] != nil:
		c["v2"] = readYAML(c["kind"].(string), c["yaml"].(string))
	default:
		c["out"] = match(c)
	}
}

// linesOfSprig reads lines of a function's name, a tab and a template.
func linesOfSprig(input io.Reader) interface{} {
	var cases []interface{}
	lines := bufio.NewScanner(input)
	for lines.Scan() {
		function, text, ok := strings.Cut(lines.Text(), "\t")
		if !ok {
			log.Fatalf("no tab in %q", lines.Text())
		}
		c := map[string]interface{}{
			"id":       fmt.Sprintf("m%04d", len(cases)+1),
			"function": function,
			"template": text,
		}
		answer(c)
		cases = append(cases, c)
	}
	return map[string]interface{}{
		"meta": map[string]string{
			"about": "Expressions per sprig function with the answer of Go 1.24, made by tests/oracle.",
		},
		"cases": cases,
	}
}

func write(value interface{}) {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(value); err != nil {
		log.Fatal(err)
	}
}
