package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// takePrinted takes the key that the last command has printed: printed NAME. Its
// halves are then in $NAME_id and $NAME_secret.
func takePrinted(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: printed NAME")
	}
	halves := map[string]string{"AWS_ACCESS_KEY_ID": "_id", "AWS_SECRET_ACCESS_KEY": "_secret"}
	found := 0
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if half := halves[strings.TrimPrefix(name, "export ")]; ok && half != "" {
			ts.Setenv(args[0]+half, value)
			found++
		}
	}
	if found != len(halves) {
		ts.Fatalf("no key was printed")
	}
}

// TestHelpOfVerbsIsGolden: the script help.txtar has the help of every command
// below another, with how it exits and an example.
func TestHelpOfVerbsIsGolden(t *testing.T) {
	script, err := os.ReadFile(filepath.Join("testdata", "help.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, noun := range newRoot().Commands() {
		for _, verb := range noun.Commands() {
			if noun.Hidden || noun.Name() == "completion" {
				continue
			}
			want := "exec firn " + noun.Name() + " " + verb.Name() + " --help\ncmp stdout " + noun.Name() + "-" + verb.Name() + ".golden\n"
			if !strings.Contains(string(script), want) {
				t.Errorf("help.txtar has no\n%s", want)
			}
			if !strings.Contains(verb.Long, "Exit codes:") || verb.Example == "" && !verb.HasSubCommands() {
				t.Errorf("the help of firn %s %s does not say how it exits, or has no example", noun.Name(), verb.Name())
			}
		}
	}
}
