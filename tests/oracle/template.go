package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/adler32"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/bmatcuk/doublestar/v4"
	"gopkg.in/yaml.v2"
)

// render executes the template of a case as werf does.
func render(c map[string]interface{}) (expected map[string]interface{}) {
	defer func() {
		if problem := recover(); problem != nil {
			expected = map[string]interface{}{"panic": fmt.Sprint(problem)}
		}
	}()
	main := template.New("werfConfig")
	main.Funcs(functions(main, texts(c["env"])))
	extra := texts(c["templates"])
	for _, name := range sorted(extra) {
		if _, err := main.New(name).Parse(extra[name]); err != nil {
			return failure(err)
		}
	}
	if _, err := main.Parse(c["template"].(string)); err != nil {
		return failure(err)
	}
	data := map[string]interface{}{
		"Files": files{texts(c["files"])},
		"Env":   "test",
		"Commit": map[string]interface{}{
			"Hash": "73d8d4ac99352a6b05189cfcfa598ad6e0868197",
			"Date": map[string]string{"Human": "2023-11-14 22:13:20 +0000 UTC", "Unix": "1700000000"},
		},
	}
	if more, ok := c["data"].(map[string]interface{}); ok {
		for key, value := range more {
			data[key] = plain(value)
		}
	}
	var out bytes.Buffer
	if err := main.Execute(&out, data); err != nil {
		return failure(err)
	}
	return map[string]interface{}{"output": out.String()}
}

func failure(err error) map[string]interface{} {
	return map[string]interface{}{"error": err.Error()}
}

// functions are sprig's without expandenv, and werf's own (pkg/config/config_go_template.go).
func functions(main *template.Template, env map[string]string) template.FuncMap {
	all := sprig.TxtFuncMap()
	delete(all, "expandenv")
	execute := func(name string, data interface{}) (string, error) {
		var out bytes.Buffer
		err := main.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}
	tpl := func(text string, data interface{}) (string, error) {
		name := fmt.Sprintf("tpl-%d", adler32.Checksum([]byte(text)))
		if _, err := main.New(name).Parse(text); err != nil {
			return "", err
		}
		return execute(name, data)
	}
	all["include"], all["include_debug"] = execute, execute
	all["tpl"], all["tpl_debug"] = tpl, tpl
	all["printf_debug"] = func(string, ...interface{}) string { return "" }
	all["dump_debug"] = func(interface{}) string { return "" }
	all["env"] = func(name interface{}, fallback ...string) (string, error) {
		if len(fallback) > 1 {
			return "", errors.New("more than 1 optional argument prohibited")
		}
		value := env[fmt.Sprint(name)]
		if value == "" && len(fallback) == 1 {
			return fallback[0], nil
		}
		return value, nil
	}
	all["required"] = func(message string, value interface{}) (interface{}, error) {
		if text, ok := value.(string); value == nil || ok && text == "" {
			return value, errors.New(message)
		}
		return value, nil
	}
	all["fromYaml"] = func(text string) (map[string]interface{}, error) {
		values := map[string]interface{}{}
		err := yaml.Unmarshal([]byte(text), &values)
		return values, err
	}
	all["toYaml"] = func(value interface{}) string {
		data, err := yaml.Marshal(value)
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(string(data), "\n")
	}
	return all
}

// listFunctions prints the names of all functions.
func listFunctions() {
	names := []string{}
	for name := range functions(template.New("x"), nil) {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Println(strings.Join(names, "\n"))
}

type files struct{ content map[string]string }

func (f files) Get(path string) (string, error) {
	content, ok := f.content[strings.TrimPrefix(path, "/")]
	if !ok {
		return "", fmt.Errorf("{{ .Files.Get %q }}: file %q not found", path, path)
	}
	return content, nil
}

func (f files) Glob(mask string) (map[string]interface{}, error) {
	found := map[string]interface{}{}
	for path, content := range f.content {
		ok, err := doublestar.PathMatch(mask, path)
		if err != nil {
			return nil, err
		}
		if ok {
			found[path] = content
		}
	}
	return found, nil
}

func (f files) Exists(path string) (bool, error) {
	_, ok := f.content[path]
	return ok || f.isDir(path), nil
}

func (f files) IsDir(path string) (bool, error) { return f.isDir(path), nil }

func (f files) isDir(path string) bool {
	for name := range f.content {
		if strings.HasPrefix(name, strings.Trim(path, "/")+"/") {
			return true
		}
	}
	return false
}

// texts returns an object of JSON as a map of strings.
func texts(value interface{}) map[string]string {
	found := map[string]string{}
	object, _ := value.(map[string]interface{})
	for key, text := range object {
		found[key] = text.(string)
	}
	return found
}

func sorted(of map[string]string) []string {
	names := []string{}
	for name := range of {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// plain makes integers of JSON int, and other numbers float64.
func plain(value interface{}) interface{} {
	switch value := value.(type) {
	case json.Number:
		if number, err := value.Int64(); err == nil {
			return int(number)
		}
		number, _ := value.Float64()
		return number
	case []interface{}:
		items := make([]interface{}, len(value))
		for index, item := range value {
			items[index] = plain(item)
		}
		return items
	case map[string]interface{}:
		entries := map[string]interface{}{}
		for key, item := range value {
			entries[key] = plain(item)
		}
		return entries
	}
	return value
}
