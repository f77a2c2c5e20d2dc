package iam

import "strings"

// ActionNames are those of the API.
func ActionNames() []string {
	var names []string
	for _, a := range actions() {
		names = append(names, a.name)
	}
	return names
}

// Needs are the parameters that an action must have.
func Needs(action string) []string {
	for _, a := range actions() {
		if a.name == action {
			return strings.Fields(a.needs)
		}
	}
	return nil
}
