package cli

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A ManPage is a manual page in roff, and the name of its file.
type ManPage struct {
	File string
	Text []byte
}

// ManPages are the pages of a command and of all below it, in section 1.
func ManPages(cmd *cobra.Command) []ManPage {
	pages := []ManPage{manPage(cmd)}
	for _, sub := range cmd.Commands() {
		if !sub.Hidden && (sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand()) {
			pages = append(pages, ManPages(sub)...)
		}
	}
	return pages
}

func manPage(cmd *cobra.Command) ManPage {
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
	var b bytes.Buffer
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"Firn\" \"Firn Manual\"\n.nh\n.ad l\n", roff(strings.ToUpper(name)))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(cmd.Short))
	if cmd.Runnable() {
		fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(cmd.UseLine()))
	}
	long, codes, _ := strings.Cut(cmd.Long, "Exit codes:\n")
	b.WriteString(".SH DESCRIPTION\n")
	manText(&b, long)
	if cmd.HasAvailableLocalFlags() {
		b.WriteString(".SH OPTIONS\n")
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { manFlag(&b, f) })
	}
	if codes != "" {
		b.WriteString(".SH EXIT STATUS\n")
		manText(&b, codes)
	}
	if cmd.Example != "" {
		b.WriteString(".SH EXAMPLES\n")
		manText(&b, cmd.Example)
	}
	if related := manRelated(cmd); len(related) > 0 {
		fmt.Fprintf(&b, ".SH SEE ALSO\n%s\n", strings.Join(related, ",\n"))
	}
	return ManPage{name + ".1", b.Bytes()}
}

// manText writes paragraphs; lines that are indented stay as they are.
func manText(b *bytes.Buffer, text string) {
	for paragraph := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		b.WriteString(".PP\n")
		kept := false
		for line := range strings.SplitSeq(paragraph, "\n") {
			switch indented := strings.HasPrefix(line, "  "); {
			case indented && !kept:
				b.WriteString(".RS 4\n.nf\n")
			case !indented && kept:
				b.WriteString(".fi\n.RE\n")
			}
			kept = strings.HasPrefix(line, "  ")
			b.WriteString(roff(strings.TrimPrefix(line, "  ")) + "\n")
		}
		if kept {
			b.WriteString(".fi\n.RE\n")
		}
	}
}

func manFlag(b *bytes.Buffer, f *pflag.Flag) {
	if f.Hidden {
		return
	}
	kind, usage := pflag.UnquoteUsage(f)
	b.WriteString(".TP\n")
	if f.Shorthand != "" {
		fmt.Fprintf(b, "\\fB\\-%s\\fR, ", f.Shorthand)
	}
	fmt.Fprintf(b, "\\fB\\-\\-%s\\fR", roff(f.Name))
	if kind != "" {
		fmt.Fprintf(b, " \\fI%s\\fR", roff(kind))
	}
	b.WriteString("\n" + roff(usage) + "\n")
	if kind != "" && f.DefValue != "" && f.DefValue != "0" && f.DefValue != "[]" && f.DefValue != "0s" {
		fmt.Fprintf(b, "Default: %s\n", roff(f.DefValue))
	}
}

func manRelated(cmd *cobra.Command) (related []string) {
	add := func(c *cobra.Command) {
		related = append(related, fmt.Sprintf("\\fB%s\\fR(1)", roff(strings.ReplaceAll(c.CommandPath(), " ", "-"))))
	}
	if cmd.HasParent() {
		add(cmd.Parent())
	}
	for _, sub := range cmd.Commands() {
		if !sub.Hidden && (sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand()) {
			add(sub)
		}
	}
	return related
}

// roff escapes a line.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "…", "...").Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}
