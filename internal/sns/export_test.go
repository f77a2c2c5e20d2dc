package sns

// ActionNames are those of the API.
func ActionNames() []string {
	var names []string
	for _, a := range (&Handler{}).actions() {
		names = append(names, a.Name)
	}
	return names
}

// Needs are the parameters that an action must have.
func Needs(action string) string {
	for _, a := range (&Handler{}).actions() {
		if a.Name == action {
			return a.Needs
		}
	}
	return ""
}
