package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden parts of the scripts")

// TestMain lets the scripts run this program, under the name firn.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"firn": main})
}

// TestScript runs testdata/*.txtar: the command line as a user meets it. The
// commands beside testscript's own are in commands_test.go.
func TestScript(t *testing.T) { testscript.Run(t, scriptParams()) }

func scriptParams() testscript.Params {
	return testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            time.Now().Add(2 * time.Minute), // for a server that should have ended, and serves
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("AWS_ACCESS_KEY_ID", devKey.ID)
			env.Setenv("AWS_SECRET_ACCESS_KEY", devKey.Secret)
			env.Values[serversKey{}] = map[string]*background{}
			env.Values[proxyKey{}] = new(proxy)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"archive":   archiveFile,
			"await":     awaitOutput,
			"bucket":    startBucket,
			"cert":      makeCert,
			"exits":     exits,
			"fault":     addFault,
			"fetch":     fetch,
			"flip":      flip,
			"glacier":   request,
			"gzip":      packFile,
			"job":       runJob,
			"key":       takeKey,
			"line":      takeLine,
			"manyjobs":  manyJobs,
			"multipart": beginUpload,
			"printed":   takePrinted,
			"proxy":     startProxy,
			"requests":  writeRequests,
			"server":    startServer,
			"shutdown":  stopServer,
			"sns":       askSNS,
			"strike":    strikeProgram,
			"upload":    upload,
			"uploads":   uploadMany,
		},
		Condition: service("firn"),
	}
}

// TestHelpIsGolden: the script help.txtar has the help of every command there
// is.
func TestHelpIsGolden(t *testing.T) {
	script, err := os.ReadFile(filepath.Join("testdata", "help.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range newRoot().Commands() {
		if cmd.Hidden || cmd.IsAdditionalHelpTopicCommand() {
			continue
		}
		want := "exec firn " + cmd.Name() + " --help\ncmp stdout " + cmd.Name() + ".golden\n"
		if !strings.Contains(string(script), want) {
			t.Errorf("help.txtar has no\n%s", want)
		}
		if !strings.Contains(cmd.Long, "Exit codes:") {
			t.Errorf("the help of %s does not say how it exits", cmd.Name())
		}
	}
}
