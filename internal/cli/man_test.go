package cli_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"firn/internal/cli"
)

func TestManPages(t *testing.T) {
	root := &cobra.Command{Use: "firn", Short: "Archives", Long: "Keeps archives."}
	var part string
	sub := &cobra.Command{
		Use: "put FILE", Short: "Store a file", Example: "  firn put -x",
		Long: "Store it.\nIn full:\n\n  .hidden  don't\n  back\\slash\n\nExit codes:\n  0  done",
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	sub.Flags().StringVarP(&part, "part-size", "p", "1", "size of a `PART`")
	hidden := &cobra.Command{Use: "hidden", Hidden: true, Run: func(*cobra.Command, []string) {}}
	root.AddCommand(sub, hidden, cli.Connection())
	pages := cli.ManPages(root)
	var names []string
	for _, p := range pages {
		names = append(names, p.File)
	}
	if diff := cmp.Diff([]string{"firn.1", "firn-connection.1", "firn-put.1"}, names); diff != "" {
		t.Fatal(diff)
	}
	const want = `.TH FIRN\-PUT 1 "" "Firn" "Firn Manual"
.nh
.ad l
.SH NAME
firn\-put \- Store a file
.SH SYNOPSIS
.B firn put FILE [flags]
.SH DESCRIPTION
.PP
Store it.
In full:
.PP
.RS 4
.nf
\&.hidden  don\(aqt
back\eslash
.fi
.RE
.SH OPTIONS
.TP
\fB\-p\fR, \fB\-\-part\-size\fR \fIPART\fR
size of a PART
Default: 1
.SH EXIT STATUS
.PP
.RS 4
.nf
0  done
.fi
.RE
.SH EXAMPLES
.PP
.RS 4
.nf
firn put \-x
.fi
.RE
.SH SEE ALSO
\fBfirn\fR(1)
`
	if diff := cmp.Diff(want, string(pages[2].Text)); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(string(pages[0].Text), "\\fBfirn\\-put\\fR(1)") {
		t.Errorf("the first page does not lead to the others:\n%s", pages[0].Text)
	}
}
