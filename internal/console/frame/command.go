package frame

import "strings"

// A Command is one of the AWS CLI that does what a page does.
type Command struct {
	Does string // what, in a few words
	Text string

	action string // what policies call it; "" if it is none of the AWS CLI
}

// GlacierCommand writes a command of aws glacier. Options are given as name,
// value, name, value; one with an empty name is an argument. A value is joined
// to its name, because ids may begin with a hyphen.
func GlacierCommand(does, operation string, options ...string) Command {
	return AwsCommand(does, "glacier", operation, append([]string{"account-id", "-"}, options...)...)
}

// AwsCommand writes a command of another of its services. What has no value is
// left out.
func AwsCommand(does, service, operation string, options ...string) Command {
	var b strings.Builder
	b.WriteString("aws " + service + " " + operation)
	for i := 0; i+1 < len(options); i += 2 {
		name, value := options[i], Quote(options[i+1])
		switch {
		case options[i+1] == "":
		case name == "":
			b.WriteString(" " + value)
		case strings.HasPrefix(options[i+1], "-") && options[i+1] != "-":
			b.WriteString(" --" + name + "=" + value)
		default:
			b.WriteString(" --" + name + " " + value)
		}
	}
	return Command{Does: does, Text: b.String(), action: actionOf(operation)}
}

// actionOf is the action that a command asks for: they differ in how they are
// spelled.
func actionOf(operation string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(operation, "-") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// Allowed are those of some commands whose action is among the rights, and
// those that are not of the AWS CLI.
func Allowed(may map[string]bool, commands ...Command) []Command {
	var all []Command
	for _, c := range commands {
		if c.action == "" || may[c.action] {
			all = append(all, c)
		}
	}
	return all
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
