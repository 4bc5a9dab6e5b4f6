package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/bmatcuk/doublestar/v4"
)

// match applies the pattern of a case to its text.
func match(c map[string]interface{}) string {
	pattern, text := c["p"].(string), c["s"].(string)
	switch c["kind"] {
	case "glob":
		matched, err := doublestar.PathMatch(pattern, text)
		if err != nil {
			return "ERR"
		}
		return strconv.FormatBool(matched)
	case "semver":
		constraints, err := semver.NewConstraint(pattern)
		if err != nil {
			return "ERR"
		}
		version, err := semver.NewVersion(text)
		if err != nil {
			return "ERRV"
		}
		return strconv.FormatBool(constraints.Check(version))
	}
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return "ERR"
	}
	switch c["kind"] {
	case "findall":
		return list(expression.FindAllString(text, -1))
	case "split":
		return list(expression.Split(text, -1))
	case "replace":
		return expression.ReplaceAllString(text, c["r"].(string))
	}
	return strconv.FormatBool(expression.MatchString(text))
}

func list(parts []string) string {
	if parts == nil {
		parts = []string{}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(parts); err != nil {
		return "ERR"
	}
	return strings.TrimSuffix(out.String(), "\n")
}
