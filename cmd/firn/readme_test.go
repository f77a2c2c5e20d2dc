package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"firn/internal/server"
)

func readme(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var (
	setting       = regexp.MustCompile("(?m)^\\| `([a-z-]+)` (†)? ?\\| *([^|]*?) *\\|(.*)$")
	statedDefault = regexp.MustCompile(`\(default ([^:)]+)\)$`)
)

// TestReadmeSettings: README's tables have every flag of dev and serve, with
// its default, and no other.
func TestReadmeSettings(t *testing.T) {
	dev, serve := devCommand().Flags(), serveCommand().Flags()
	fast, err := server.Fast.Timing()
	if err != nil {
		t.Fatal(err)
	}
	aws, err := server.AWS.Timing()
	if err != nil {
		t.Fatal(err)
	}
	timings := [2]map[string]string{timing(fast), timing(aws)}
	listed := map[string]bool{}
	for _, m := range setting.FindAllStringSubmatch(readme(t), -1) {
		name, serveOnly, first, rest := m[1], m[2] != "", m[3], m[4]
		listed[name] = true
		flag := serve.Lookup(name)
		if flag == nil {
			t.Errorf("README has the setting %s, and firn serve has not", name)
			continue
		}
		if serveOnly != (dev.Lookup(name) == nil) {
			t.Errorf("README says that %s belongs to firn serve alone: %t", name, serveOnly)
		}
		if want, profiled := timings[0][name]; profiled {
			second, _, _ := strings.Cut(strings.TrimPrefix(rest, " "), " |")
			if first != want || second != timings[1][name] {
				t.Errorf("README has %s in the profiles as %s and %s; it is %s and %s", name, first, second, want, timings[1][name])
			}
			continue
		}
		want := defaultOf(flag)
		if first != want {
			t.Errorf("README has the default of %s as %q; it is %q", name, first, want)
		}
	}
	serve.VisitAll(func(f *pflag.Flag) {
		if !listed[f.Name] && f.Name != "help" {
			t.Errorf("README lacks the setting %s", f.Name)
		}
	})
	dev.VisitAll(func(f *pflag.Flag) {
		if serve.Lookup(f.Name) == nil {
			t.Errorf("firn dev has the flag %s, and firn serve has not", f.Name)
		}
	})
}

// timing is a profile as README has it.
func timing(t server.Timing) map[string]string {
	live := "false"
	if t.LiveCounters {
		live = "true"
	}
	return map[string]string{
		"expedited-delay": t.ExpeditedDelay.String(), "standard-delay": t.StandardDelay.String(), "bulk-delay": t.BulkDelay.String(),
		"inventory-delay": t.InventoryDelay.String(), "inventory-interval": t.InventoryInterval.String(),
		"expedited-limit": strconv.Itoa(t.ExpeditedLimit), "live-counters": live, "output-life": t.OutputLife.String(), "upload-life": t.UploadLife.String(),
	}
}

// defaultOf is what the help says, or else what the flag is.
func defaultOf(f *pflag.Flag) string {
	if m := statedDefault.FindStringSubmatch(f.Usage); m != nil {
		return m[1]
	}
	return strings.TrimPrefix(f.DefValue, "[]") // an empty list is nothing
}

// TestReadmeConfigFile: README's configuration files are such.
func TestReadmeConfigFile(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(readme(t), "```yaml\n")[1:]
	if len(blocks) != 2 {
		t.Fatalf("README has %d configuration files", len(blocks))
	}
	buckets := 0
	for i, rest := range blocks {
		text, _, _ := strings.Cut(rest, "```")
		file := filepath.Join(dir, fmt.Sprintf("firn%d.yaml", i))
		text = strings.ReplaceAll(text, "/etc/firn/results.secret", secret)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		found, err := readConfigFile(serveCommand().Flags(), file)
		if err != nil {
			t.Error(err)
		}
		buckets += len(found)
	}
	if buckets != 1 {
		t.Errorf("%d buckets", buckets)
	}
}

// TestDocumentsNameFlags: a flag that a document names, in backquotes or in a
// firn command line, is a flag of some command.
func TestDocumentsNameFlags(t *testing.T) {
	flags := map[string]bool{}
	for _, c := range newRoot().Commands() {
		for _, c := range append(c.Commands(), c) {
			c.Flags().VisitAll(func(f *pflag.Flag) { flags["--"+f.Name] = true })
		}
	}
	named := regexp.MustCompile("(?m)(?:`[^`\n]*`|^\\$? ?firn .*)")
	flag := regexp.MustCompile(`--[a-z][a-z-]*`)
	found := map[string]bool{}
	docs, err := filepath.Glob("../../*.md")
	if err != nil || len(docs) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	for _, doc := range docs {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range named.FindAllString(string(text), -1) {
			if strings.Contains(line, "go test") {
				continue
			}
			for _, name := range flag.FindAllString(line, -1) {
				found[name] = true
				if !flags[name] {
					t.Errorf("%s names %s, which no command has", filepath.Base(doc), name)
				}
			}
		}
	}
	if len(found) < 10 {
		t.Errorf("found only %v; the pattern is wrong", slices.Sorted(maps.Keys(found)))
	}
}

// TestFlagsAgree: a flag has the same meaning in every command of the server,
// and in every one of the client, whose --profile is the AWS CLI's.
func TestFlagsAgree(t *testing.T) {
	// A migration has a source, and is one undertaking over many runs.
	own := strings.Fields("migrate--from migrate--tier migrate--budget migrate--max-bytes-per-hour")
	first := map[string]*pflag.Flag{}
	for _, c := range newRoot().Commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if slices.Contains(own, c.Name()+"--"+f.Name) {
				return
			}
			before := cmp.Or(first[c.GroupID+f.Name], f)
			first[c.GroupID+f.Name] = before
			usage := func(f *pflag.Flag) string { s, _, _ := strings.Cut(f.Usage, " ("); return s }
			if f.Value.Type() != before.Value.Type() || usage(f) != usage(before) || f.DefValue != before.DefValue {
				t.Errorf("%s has --%s as %q, another command as %q", c.Name(), f.Name, f.Usage, before.Usage)
			}
		})
	}
}
