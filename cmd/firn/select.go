package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/cli/admin"
	"firn/internal/remote"
)

// The place of the results of firn select, unless it is told another.
const (
	selectBucket = "firn-select"
	selectPrefix = "results"
)

// defaultRegion is the region of a server that was not told another.
const defaultRegion = cli.DefaultRegion

// A selectCommandLine is what firn select is asked for.
type selectCommandLine struct {
	tier           string
	bucket, prefix string
	detach         bool
	job            string
	in             map[string]*string // of the csv member, by member name
	out            map[string]*string
	compression    string
	jsonLines      bool
}

func selectCommand() *cobra.Command {
	f := &selectCommandLine{in: map[string]*string{}, out: map[string]*string{}}
	return cli.Verb{
		Use: "select VAULT ARCHIVE SQL", Short: "Ask a CSV archive a question, and print the answer",
		Long: `Run a query over an archive of comma-separated values, where it lies, and print
the records that it selects. VAULT is the vault's name, ARCHIVE the archive's id,
SQL the query, or - for the one on standard input:

  SELECT s._1, s._3 FROM archive s WHERE s._2 > 100
  SELECT name, city FROM archive WHERE city LIKE 'O%'     with --header use
  SELECT COUNT(*), AVG(price) FROM archive                with --header use

Columns are _1, _2 and so on; with --header use the first record names them. The
archive may be packed by gzip or zstd, and its lines may be JSON objects.

It starts a select job and waits for it. With --detach it prints the job's id and
does not wait; --job ID comes back to one that was started before, and takes the
vault alone. A job whose results go to a bucket that the server is configured
for prints where they are.`,
		JSON: `With --json each record is printed as a line, an array of its fields, which are
strings. With --detach a document is printed: {"JobId":…}; and if the results are in a
bucket that the server is configured for, {"JobId":…,"OutputLocation":…,"JobOutputPath":…}.`,
		Example: `firn select photos "$ARCHIVE" "SELECT * FROM archive s WHERE s._3 = 'Oslo' LIMIT 10"`,
		Args:    cobra.RangeArgs(1, 3),
		Flags:   f.flags,
		Run: func(ctx context.Context, s *cli.Session, args []string) error {
			if err := f.check(args); err != nil {
				return usageError(err)
			}
			return f.run(ctx, s, args)
		},
	}.Command()
}

// check refuses what would be without effect.
func (f *selectCommandLine) check(args []string) error {
	switch {
	case f.job == "" && len(args) != 3, f.job != "" && len(args) != 1:
		return errors.New("give a vault, an archive and a query, or a vault and --job")
	case f.job != "" && f.detach:
		return errors.New("--job waits for a job, and --detach does not: give one of them")
	case f.jsonLines && len(given(f.in)) > 0:
		return errors.New("--json-lines does not go together with what is said of comma-separated values")
	}
	return nil
}

func (f *selectCommandLine) flags(fs *pflag.FlagSet) {
	fs.StringVar(&f.tier, "tier", glacier.Standard, "Expedited, Standard or Bulk")
	fs.StringVar(&f.bucket, "bucket", selectBucket, "bucket that the results go to")
	fs.StringVar(&f.prefix, "bucket-prefix", selectPrefix, "where in the bucket")
	fs.BoolVar(&f.detach, "detach", false, "do not wait for jobs (the job's id is printed)")
	cli.IDVar(fs, &f.job, "job", "wait for this job, which was started before")
	fs.StringVar(&f.compression, "compression", "", "none, gzip or zstd (default: found out)")
	fs.BoolVar(&f.jsonLines, "json-lines", false, "each line is a JSON object (default: found out)")
	for _, member := range []struct{ flag, name, usage string }{
		{"header", "FileHeaderInfo", "what the first record is: none (data), use (names) or ignore (default none)"},
		{"delimiter", "FieldDelimiter", "character between fields, such as ; or \\t (default ,)"},
		{"quote", "QuoteCharacter", `character around fields (default ")`},
		{"escape", "QuoteEscapeCharacter", `character before a quote in a quoted field (default ")`},
		{"comments", "Comments", "character that begins a comment (default #)"},
		{"record-delimiter", "RecordDelimiter", "character between records, such as \\r\\n (default a line feed)"},
	} {
		f.in[member.name] = fs.String(member.flag, "", member.usage)
	}
	for _, member := range []struct{ flag, name, usage string }{
		{"output-delimiter", "FieldDelimiter", "character between fields of the result, such as \\t (default ,)"},
		{"output-quotes", "QuoteFields", "asneeded or always (default asneeded)"},
	} {
		f.out[member.name] = fs.String(member.flag, "", member.usage)
	}
}

// request is the job that is asked for.
func (f *selectCommandLine) request(archive, sql string) (glacier.JobParameters, error) {
	input := map[string]any{"csv": given(f.in)}
	if f.jsonLines {
		input = map[string]any{"json": map[string]string{"Type": "LINES"}}
	} else if len(given(f.in)) == 0 {
		input = map[string]any{} // so that it is found out whether it is JSON
	}
	if f.compression != "" {
		input["CompressionType"] = strings.ToUpper(f.compression)
	}
	parameters, err := json.Marshal(map[string]any{
		"Expression": sql, "ExpressionType": "SQL",
		"InputSerialization": input, "OutputSerialization": map[string]any{"csv": given(f.out)},
	})
	if err != nil {
		return glacier.JobParameters{}, fmt.Errorf("encode query: %w", err)
	}
	location, err := json.Marshal(map[string]any{"S3": map[string]string{"BucketName": f.bucket, "Prefix": f.prefix}})
	if err != nil {
		return glacier.JobParameters{}, fmt.Errorf("encode place of results: %w", err)
	}
	kind := glacier.Select
	return glacier.JobParameters{
		Type: &kind, ArchiveID: &archive, Tier: &f.tier, SelectParameters: parameters, OutputLocation: location,
	}, nil
}

// given are the members that were given. What a shell has no key for may be
// written as in C; no delimiter is as long as that.
func given(members map[string]*string) map[string]string {
	written := map[string]string{`\t`: "\t", `\n`: "\n", `\r`: "\r", `\r\n`: "\r\n"}
	m := map[string]string{}
	for name, value := range members {
		if *value != "" {
			m[name] = cmp.Or(written[*value], *value)
		}
	}
	return m
}

// query is the query of an argument. No server takes one of a megabyte.
func query(s *cli.Session, arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	sql, err := io.ReadAll(io.LimitReader(s.Stdin(), 1<<20))
	if err != nil {
		return "", fmt.Errorf("read the query from standard input: %w", err)
	}
	if len(bytes.TrimSpace(sql)) == 0 {
		return "", usageError(errors.New("there is no query on standard input"))
	}
	return string(sql), nil
}

func (f *selectCommandLine) run(ctx context.Context, s *cli.Session, args []string) error {
	v, err := s.Vault(args[0])
	if err != nil {
		return err
	}
	id := glacier.JobID(f.job)
	if id == "" {
		sql, err := query(s, args[2])
		if err != nil {
			return err
		}
		request, err := f.request(cli.ID(args[1]), sql)
		if err != nil {
			return err
		}
		if id, err = v.StartJob(ctx, request); err != nil {
			return err
		}
		if f.detach {
			return s.Document(startedJob{JobID: id}, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, id)
				return err
			})
		}
	}
	d, err := s.Wait(ctx, v, id, "job "+string(id))
	switch {
	case ctx.Err() != nil:
		return cli.Errorf(cli.Interrupted, "not waiting any longer; the job goes on, and --job %s comes back to it", id)
	case err != nil && !remote.IsRefusal(err):
		return fmt.Errorf("%w; --job %s comes back to the job", err, id)
	case err != nil:
		return err
	case d.Action != glacier.ActionSelect:
		return fmt.Errorf("job %s is none that firn select has started: firn job output has what it gives out", id)
	case d.StatusCode == glacier.Failed:
		return fmt.Errorf("the query failed: %s", deref(d.StatusMessage))
	}
	return printSelected(ctx, s, v, id, d)
}

// printSelected prints the output of a job, or where it is.
func printSelected(ctx context.Context, s *cli.Session, v *remote.Vault, id glacier.JobID, d glacier.JobDescription) error {
	err := admin.ReadOutput(ctx, s, v, d, func(r io.Reader) error {
		if s.JSON {
			return printRecords(s.Out, r, &d)
		}
		_, err := io.Copy(s.Out, r)
		return err
	})
	if remote.IsRefusal(err, glacier.InvalidParameterValue) {
		var place glacier.OutputLocation
		if glacier.Decode(d.OutputLocation, &place) == nil && place.S3 != nil {
			return s.Document(startedJob{id, d.OutputLocation, d.JobOutputPath}, func(io.Writer) error {
				s.Warn("the results are in s3://%s/%sresults/", deref(place.S3.BucketName), deref(d.JobOutputPath))
				return nil
			})
		}
	}
	if err != nil && !remote.IsRefusal(err) {
		return fmt.Errorf("print the output; --job %s begins anew: %w", id, err)
	}
	return err
}

// A startedJob is what --json prints of a job whose records it does not.
type startedJob struct {
	JobID          glacier.JobID   `json:"JobId"`
	OutputLocation json.RawMessage `json:",omitempty"`
	JobOutputPath  *string         `json:",omitempty"`
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
