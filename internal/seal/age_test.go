package seal_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestAgeTheProgram holds that neither side needs the other: age opens what Firn seals, and Firn what age seals.
func TestAgeTheProgram(t *testing.T) {
	program, err := exec.LookPath("age")
	if err != nil {
		t.Skip("there is no program age here")
	}
	to, with, key := newKey(t)
	dir := t.TempDir()
	plain := pattern(300_000)
	write := func(name string, data []byte) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	identity := write("key.txt", []byte(key.String()+"\n"))

	got, err := exec.Command(program, "--decrypt", "--identity", identity, write("archive.age", sealed(t, to, plain))).Output()
	if err != nil || !bytes.Equal(got, plain) {
		t.Errorf("age opens what Firn sealed: %d bytes, error %v", len(got), err)
	}
	archive, err := exec.Command(program, "--encrypt", "--recipient", key.Recipient().String(), write("plain", plain)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := open(archive, with); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("Firn opens what age sealed: %d bytes, error %v", len(got), err)
	}
}
