// Oracle asks Go's text/template and sprig for the answers that the tests of frontend/sprig
// expect. It reads lines of a function's name, a tab and a template, and writes a case file.
//
//	cd tests/oracle
//	go mod tidy
//	TZ=UTC go run . <sprig.txt >../../frontend/sprig/tests/cases/sprig-more.json
//
// go.mod pins the library versions that werf 2 uses; the answers are those of Go 1.24.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

type expected struct {
	Output *string `json:"output,omitempty"`
	Error  *string `json:"error,omitempty"`
}

type testCase struct {
	ID       string   `json:"id"`
	Function string   `json:"function"`
	Template string   `json:"template"`
	Expected expected `json:"expected"`
}

type caseFile struct {
	Meta  map[string]string `json:"meta"`
	Cases []testCase        `json:"cases"`
}

func answer(text string) expected {
	var out bytes.Buffer
	tmpl, err := template.New("werfConfig").Funcs(sprig.TxtFuncMap()).Parse(text)
	if err == nil {
		err = tmpl.Execute(&out, map[string]interface{}{})
	}
	if err != nil {
		message := err.Error()
		return expected{Error: &message}
	}
	output := out.String()
	return expected{Output: &output}
}

func main() {
	file := caseFile{Meta: map[string]string{
		"about": "Expressions per sprig function with the answer of Go 1.24, made by tests/oracle.",
	}}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		function, text, ok := strings.Cut(lines.Text(), "\t")
		if !ok {
			log.Fatalf("no tab in %q", lines.Text())
		}
		file.Cases = append(file.Cases, testCase{
			ID:       fmt.Sprintf("m%04d", len(file.Cases)+1),
			Function: function,
			Template: text,
			Expected: answer(text),
		})
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(file); err != nil {
		log.Fatal(err)
	}
}
