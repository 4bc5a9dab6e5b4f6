package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v2"
)

// Img has a field of every type that werf.yaml has.
type Img struct {
	Image  string            `yaml:"image" json:"image"`
	From   string            `yaml:"from" json:"from"`
	Latest bool              `yaml:"latest" json:"latest"`
	Mode   int64             `yaml:"mode" json:"mode"`
	Env    map[string]string `yaml:"env" json:"env"`
	Args   []string          `yaml:"args" json:"args"`
	Sub    *Sub              `yaml:"sub" json:"sub"`
	Subs   []Sub             `yaml:"subs" json:"subs"`
	Sol    StringOrList      `yaml:"sol" json:"sol"`
}

// Sub is a structure inside another.
type Sub struct {
	A string `yaml:"a" json:"a"`
	B bool   `yaml:"b" json:"b"`
}

// StringOrList is a text or a list of texts.
type StringOrList []string

// UnmarshalYAML takes either.
func (l *StringOrList) UnmarshalYAML(unmarshal func(interface{}) error) error {
	var text string
	if err := unmarshal(&text); err == nil {
		*l = StringOrList{text}
		return nil
	}
	var texts []string
	if err := unmarshal(&texts); err != nil {
		return err
	}
	*l = texts
	return nil
}

func readYAML(kind, text string) string {
	switch kind {
	case "docs":
		return stream(text)
	case "img":
		var image Img
		if err := yaml.UnmarshalStrict([]byte(text), &image); err != nil {
			return "ERR " + err.Error()
		}
		answer, err := json.Marshal(image)
		if err != nil {
			return "ERR " + err.Error()
		}
		return string(answer)
	}
	var value interface{}
	if err := yaml.UnmarshalStrict([]byte(text), &value); err != nil {
		return "ERR " + err.Error()
	}
	return show(value)
}

func stream(text string) string {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.SetStrict(true)
	answers := []string{}
	for {
		var value interface{}
		err := decoder.Decode(&value)
		if err == io.EOF {
			break
		}
		if err != nil {
			answers = append(answers, "ERR "+err.Error())
			break
		}
		answers = append(answers, show(value))
	}
	return strings.Join(answers, " | ")
}

// show writes a value with its type.
func show(value interface{}) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprintf("b:%v", value)
	case int, int64, uint64:
		return fmt.Sprintf("i:%d", value)
	case float64:
		return "f:" + strconv.FormatFloat(value, 'g', -1, 64)
	case string:
		text, _ := json.Marshal(value)
		return "s:" + string(text)
	case time.Time:
		return "t:" + value.Format(time.RFC3339Nano)
	case []interface{}:
		parts := []string{}
		for _, item := range value {
			parts = append(parts, show(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[interface{}]interface{}:
		parts := []string{}
		for key, item := range value {
			parts = append(parts, show(key)+"="+show(item))
		}
		sort.Strings(parts)
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprintf("?%T", value)
}
