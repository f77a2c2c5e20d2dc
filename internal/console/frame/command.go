package frame

import "strings"

// A Command is one of the AWS CLI that does what a page does.
type Command struct {
	Does string // what, in a few words
	Text string
}

// GlacierCommand writes a command of aws glacier. Options are given as name,
// value, name, value; one with an empty name is an argument. A value is joined
// to its name, because ids may begin with a hyphen.
func GlacierCommand(does, operation string, options ...string) Command {
	return AwsCommand(does, "glacier", operation, append([]string{"account-id", "-"}, options...)...)
}

// AwsCommand writes a command of another of its services.
func AwsCommand(does, service, operation string, options ...string) Command {
	var b strings.Builder
	b.WriteString("aws " + service + " " + operation)
	for i := 0; i+1 < len(options); i += 2 {
		name, value := options[i], Quote(options[i+1])
		switch {
		case name == "":
			b.WriteString(" " + value)
		case strings.HasPrefix(options[i+1], "-") && options[i+1] != "-":
			b.WriteString(" --" + name + "=" + value)
		default:
			b.WriteString(" --" + name + " " + value)
		}
	}
	return Command{Does: does, Text: b.String()}
}

// Quote makes one word of the shell's of a text.
func Quote(s string) string {
	plain := s != ""
	for _, c := range s {
		plain = plain && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_./:=@,+%", c))
	}
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
