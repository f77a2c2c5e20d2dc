package console

import "strings"

// A command is one of the AWS CLI that does what a page does.
type command struct {
	Does string // what, in a few words
	Text string
}

// glacierCommand writes a command of aws glacier. Options are given as name,
// value, name, value; one with an empty name is an argument. A value is joined
// to its name, because ids may begin with a hyphen.
func glacierCommand(does, operation string, options ...string) command {
	return awsCommand(does, "glacier", operation, append([]string{"account-id", "-"}, options...)...)
}

// awsCommand writes a command of another of its services.
func awsCommand(does, service, operation string, options ...string) command {
	var b strings.Builder
	b.WriteString("aws " + service + " " + operation)
	for i := 0; i+1 < len(options); i += 2 {
		name, value := options[i], quote(options[i+1])
		switch {
		case name == "":
			b.WriteString(" " + value)
		case strings.HasPrefix(options[i+1], "-") && options[i+1] != "-":
			b.WriteString(" --" + name + "=" + value)
		default:
			b.WriteString(" --" + name + " " + value)
		}
	}
	return command{Does: does, Text: b.String()}
}

// quote makes one word of the shell's of a text.
func quote(s string) string {
	plain := s != ""
	for _, c := range s {
		plain = plain && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_./:=@,+%", c))
	}
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
