package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"firn/glacier"
	"firn/internal/client"
	"firn/internal/sigv4"
)

// The place of the results of firn select, unless it is told another.
const (
	selectBucket = "firn-select"
	selectPrefix = "results"
)

// defaultRegion is the region of a server that was not told another.
const defaultRegion = "us-east-1"

// A selectCommandLine is what firn select is asked for.
type selectCommandLine struct {
	endpoint, region string
	tier             string
	bucket, prefix   string
	detach           bool
	job              string
	in               map[string]*string // of the csv member, by member name
	out              map[string]*string
	compression      string
	jsonLines        bool
}

func selectCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "select VAULT ARCHIVE SQL", Short: "Ask a CSV archive a question, and print the answer",
		Long: `Run a query over an archive of comma-separated values, where it lies, and print
the records that it selects. VAULT is the vault's name, ARCHIVE the archive's id:

  SELECT s._1, s._3 FROM archive s WHERE s._2 > 100
  SELECT name, city FROM archive WHERE city LIKE 'O%'     with --header use
  SELECT COUNT(*), AVG(price) FROM archive                with --header use

Columns are _1, _2 and so on; with --header use the first record names them. The
archive may be packed by gzip or zstd, and its lines may be JSON objects.

It starts a select job and waits for it. With --detach it prints the job's id and
does not wait; --job ID comes back to one that was started before, and takes the
vault alone. A job whose results go to a bucket that the server is configured
for prints where they are.

The request is signed with the key in AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY.

` + exitCodes,
		Example: `  firn select photos "$ARCHIVE" "SELECT * FROM archive s WHERE s._3 = 'Oslo' LIMIT 10"`,
		Args:    usageArgs(cobra.RangeArgs(1, 3)),
	}
	f := addSelectFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := f.check(args); err != nil {
			return usageError(err)
		}
		s, err := f.session(cmd, args[0])
		if err != nil {
			return err
		}
		if f.job == "" {
			if f.job, err = s.start(cmd.Context(), f.request(args[1], args[2])); err != nil {
				return err
			}
			if f.detach {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), f.job)
				return err
			}
		}
		return s.finish(cmd.Context(), f.job, cmd.OutOrStdout())
	}
	return cmd
}

// check refuses what would be without effect.
func (f *selectCommandLine) check(args []string) error {
	switch {
	case f.job == "" && len(args) != 3, f.job != "" && len(args) != 1:
		return errors.New("give a vault, an archive and a query, or a vault and --job")
	case slices.Contains(args, ""):
		return errors.New("an argument is empty")
	case f.job != "" && f.detach:
		return errors.New("--job waits for a job, and --detach does not: give one of them")
	case f.jsonLines && len(given(f.in)) > 0:
		return errors.New("--json-lines does not go together with what is said of comma-separated values")
	}
	return nil
}

func addSelectFlags(cmd *cobra.Command) *selectCommandLine {
	f := &selectCommandLine{in: map[string]*string{}, out: map[string]*string{}}
	fs := cmd.Flags()
	fs.StringVar(&f.endpoint, "endpoint-url", "", "server to ask (default: AWS_ENDPOINT_URL, else "+defaultEndpoint+")")
	fs.StringVar(&f.region, "region", defaultRegion, "region, as it stands in signatures and ARNs (if not given, AWS_REGION or AWS_DEFAULT_REGION)")
	fs.StringVar(&f.tier, "tier", glacier.Standard, "Expedited, Standard or Bulk")
	fs.StringVar(&f.bucket, "bucket", selectBucket, "bucket that the results go to")
	fs.StringVar(&f.prefix, "prefix", selectPrefix, "where in the bucket")
	fs.BoolVar(&f.detach, "detach", false, "print the job's id and do not wait")
	fs.StringVar(&f.job, "job", "", "wait for this job, which was started before")
	fs.StringVar(&f.compression, "compression", "", "none, gzip or zstd (default: found out)")
	fs.BoolVar(&f.jsonLines, "json-lines", false, "each line is a JSON object (default: found out)")
	for _, member := range []struct{ flag, name, usage string }{
		{"header", "FileHeaderInfo", "what the first record is: none (data), use (names) or ignore (default none)"},
		{"delimiter", "FieldDelimiter", "character between fields (default ,)"},
		{"quote", "QuoteCharacter", `character around fields (default ")`},
		{"escape", "QuoteEscapeCharacter", `character before a quote in a quoted field (default ")`},
		{"comments", "Comments", "character that begins a comment (default #)"},
		{"record-delimiter", "RecordDelimiter", "character between records (default a line feed)"},
	} {
		f.in[member.name] = fs.String(member.flag, "", member.usage)
	}
	for _, member := range []struct{ flag, name, usage string }{
		{"output-delimiter", "FieldDelimiter", "character between fields of the result (default ,)"},
		{"output-quotes", "QuoteFields", "asneeded or always (default asneeded)"},
	} {
		f.out[member.name] = fs.String(member.flag, "", member.usage)
	}
	return f
}

// request is the job that is asked for.
func (f *selectCommandLine) request(archive, sql string) map[string]any {
	input := map[string]any{"csv": given(f.in)}
	if f.jsonLines {
		input = map[string]any{"json": map[string]string{"Type": "LINES"}}
	} else if len(given(f.in)) == 0 {
		input = map[string]any{} // so that it is found out whether it is JSON
	}
	if f.compression != "" {
		input["CompressionType"] = strings.ToUpper(f.compression)
	}
	return map[string]any{
		"Type": glacier.Select, "ArchiveId": archive, "Tier": f.tier,
		"SelectParameters": map[string]any{
			"Expression": sql, "ExpressionType": "SQL",
			"InputSerialization": input, "OutputSerialization": map[string]any{"csv": given(f.out)},
		},
		"OutputLocation": map[string]any{"S3": map[string]any{"BucketName": f.bucket, "Prefix": f.prefix}},
	}
}

func given(members map[string]*string) map[string]string {
	m := map[string]string{}
	for name, value := range members {
		if *value != "" {
			m[name] = *value
		}
	}
	return m
}

// A selectSession asks a server about one vault.
type selectSession struct {
	client   *client.Client
	endpoint string
	path     string // of the vault's jobs
	progress io.Writer
}

func (f *selectCommandLine) session(cmd *cobra.Command, vault string) (*selectSession, error) {
	key := sigv4.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}
	if key.AccessKeyID == "" || key.SecretAccessKey == "" {
		return nil, usageError(errors.New("there is no key to sign with: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"))
	}
	endpoint, region := cmp.Or(f.endpoint, os.Getenv("AWS_ENDPOINT_URL"), defaultEndpoint), f.region
	if !cmd.Flags().Changed("region") {
		region = cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), region)
	}
	c, err := client.New(client.Config{
		Endpoint: endpoint, Key: key,
		Region: region,
	})
	if err != nil {
		return nil, usageError(err)
	}
	return &selectSession{c, endpoint, "/-/vaults/" + url.PathEscape(vault) + "/jobs", cmd.ErrOrStderr()}, nil
}

// ask sends a request, and says in plain words if nobody answers.
func (s *selectSession) ask(ctx context.Context, q client.Request) (*http.Response, error) {
	resp, err := s.client.Do(ctx, q)
	var unreachable *url.Error
	if errors.As(err, &unreachable) && ctx.Err() == nil {
		return nil, fmt.Errorf("no server answers at %s: %w", s.endpoint, unreachable.Err)
	}
	return resp, err
}

// start begins the job.
func (s *selectSession) start(ctx context.Context, request map[string]any) (job string, err error) {
	body, err := json.Marshal(request)
	if err != nil {
		return "", fmt.Errorf("encode request: %w", err)
	}
	resp, err := s.ask(ctx, client.Request{Method: http.MethodPost, Path: s.path, Body: client.Bytes(body)})
	if err != nil {
		return "", err
	}
	return resp.Header.Get(glacier.HeaderJobID), resp.Body.Close()
}

// The pauses between looks at a job.
const (
	firstLook   = 20 * time.Millisecond
	longestLook = 10 * time.Second
	// quiet is how long it is waited without a word.
	quiet = 2 * time.Second
)

// finish waits for the job and prints its output.
func (s *selectSession) finish(ctx context.Context, job string, out io.Writer) error {
	began, told := time.Now(), false
	for pause := firstLook; ; pause = min(pause*3/2, longestLook) {
		d, err := s.describe(ctx, job)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("not waiting any longer; the job goes on, and --job %s comes back to it", job)
		case err != nil && !isRefusal(err):
			return fmt.Errorf("%w; --job %s comes back to the job", err, job)
		case err != nil:
			return err
		case d.StatusCode == glacier.Failed:
			return fmt.Errorf("the query failed: %s", deref(d.StatusMessage))
		case d.Completed:
			return s.print(ctx, job, d, out)
		}
		if !told && time.Since(began) > quiet {
			told = true
			fmt.Fprintf(s.progress, "Waiting for job %s; interrupt, and come back to it with --job.\n", job)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

func isRefusal(err error) bool {
	_, ok := errors.AsType[*glacier.Error](err)
	return ok
}

// A selectDescription is what is looked at of a job's description.
type selectDescription struct {
	Completed      bool
	StatusCode     string
	StatusMessage  *string
	JobOutputPath  string
	OutputLocation glacier.OutputLocation
}

func (s *selectSession) describe(ctx context.Context, job string) (d selectDescription, err error) {
	resp, err := s.ask(ctx, client.Request{Method: http.MethodGet, Path: s.path + "/" + url.PathEscape(job)})
	if err != nil {
		return d, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&d); err != nil {
		return d, fmt.Errorf("read the job's description: %w", err)
	}
	return d, nil
}

// print prints the output, or where it is.
func (s *selectSession) print(ctx context.Context, job string, d selectDescription, out io.Writer) error {
	resp, err := s.ask(ctx, client.Request{Method: http.MethodGet, Path: s.path + "/" + url.PathEscape(job) + "/output"})
	var refused *glacier.Error
	if errors.As(err, &refused) && refused.Code == glacier.InvalidParameterValue && d.OutputLocation.S3 != nil {
		_, err = fmt.Fprintf(s.progress, "The results are in s3://%s/%sresults/.\n", deref(d.OutputLocation.S3.BucketName), d.JobOutputPath)
		return err
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(out, resp.Body); err != nil {
		return fmt.Errorf("read the output; --job %s begins anew: %w", job, err)
	}
	return nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
