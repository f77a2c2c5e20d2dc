package remote_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/firntest"
	"firn/glacier"
	"firn/internal/client"
	"firn/internal/remote"
	"firn/internal/sigv4"
)

// firn returns a Service of a real server.
func firn(t *testing.T) *remote.Service {
	t.Helper()
	server := firntest.Start(t)
	c, err := client.New(client.Config{
		Endpoint: server.URL, Region: server.Region,
		Key: sigv4.Credentials{AccessKeyID: server.AccessKey, SecretAccessKey: server.SecretKey},
	})
	if err != nil {
		t.Fatal(err)
	}
	return remote.New(remote.Config{Client: c})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestSettings: what is set on a vault is what is read, and goes.
func TestSettings(t *testing.T) {
	s, ctx := firn(t), t.Context()
	for _, name := range []glacier.VaultName{"..", "-v", "plain"} {
		v := s.Vault(name)
		must(t, v.Create(ctx))
		d, err := v.Describe(ctx)
		if must(t, err); d.VaultName != name {
			t.Errorf("described %q, want %q", d.VaultName, name)
		}
		must(t, v.AddTags(ctx, map[string]string{"a": "1", "b": "2"}))
		must(t, v.RemoveTags(ctx, []string{"a"}))
		tags, err := v.Tags(ctx)
		if must(t, err); !cmp.Equal(tags, map[string]string{"b": "2"}) {
			t.Errorf("tags %v", tags)
		}
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"glacier:DeleteArchive","Resource":"` + string(d.VaultARN) + `"}]}`
		must(t, v.SetPolicy(ctx, policy))
		got, err := v.Policy(ctx)
		if must(t, err); got != policy {
			t.Errorf("policy %s", got)
		}
		must(t, v.DeletePolicy(ctx))
		if _, err := v.Policy(ctx); !remote.IsNotFound(err) {
			t.Errorf("deleted policy: %v", err)
		}
		id, err := v.StartLock(ctx, policy)
		if must(t, err); id == "" {
			t.Error("no lock id")
		}
		if l, err := v.Lock(ctx); err != nil || l.State != glacier.LockInProgress {
			t.Errorf("lock %v, %v", l, err)
		}
		must(t, v.AbortLock(ctx))
		must(t, v.Delete(ctx))
	}
}

// TestManyVaults: listings go on behind their first page.
func TestManyVaults(t *testing.T) {
	s, ctx := firn(t), t.Context()
	var want, got []glacier.VaultName
	for i := range 23 {
		name := glacier.VaultName("vault-" + string(rune('a'+i)))
		must(t, s.Vault(name).Create(ctx))
		want = append(want, name)
	}
	for d, err := range s.Vaults(ctx) {
		must(t, err)
		got = append(got, d.VaultName)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestArchiveInParts: uploaded in parts, listed, completed twice, retrieved.
func TestArchiveInParts(t *testing.T) {
	s, ctx := firn(t), t.Context()
	v := s.Vault("parts")
	must(t, v.Create(ctx))
	data := bytes.Repeat([]byte("firn"), (5<<20)/8) // two MiB and a half
	whole, err := remote.Measure(ctx, bytes.NewReader(data), 0, int64(len(data)))
	must(t, err)
	upload, err := v.Begin(ctx, "in parts", 1<<20)
	must(t, err)
	for at := int64(0); at < int64(len(data)); at += 1 << 20 {
		c, err := remote.Measure(ctx, bytes.NewReader(data), at, min(1<<20, int64(len(data))-at))
		must(t, err)
		must(t, v.Part(ctx, upload, at, c))
	}
	var parts []remote.Part
	for p, err := range v.Parts(ctx, upload) {
		must(t, err)
		parts = append(parts, p)
	}
	if len(parts) != 3 || parts[2].Offset != 2<<20 || parts[2].Size != 1<<19 {
		t.Errorf("parts %+v", parts)
	}
	first, err := v.Complete(ctx, upload, int64(len(data)), whole.Tree)
	must(t, err)
	again, err := v.Complete(ctx, upload, int64(len(data)), whole.Tree)
	if must(t, err); again.Archive != first.Archive || again.Tree != first.Tree {
		t.Errorf("completed again: %v, want %v", again, first)
	}
	kind, id, token := glacier.ArchiveRetrieval, string(first.Archive), "a token"
	job, err := v.StartJob(ctx, glacier.JobParameters{Type: &kind, ArchiveID: &id, Description: &token})
	must(t, err)
	if found, ok, err := v.FindJob(ctx, token); err != nil || !ok || found != job {
		t.Errorf("found job %v %v %v", found, ok, err)
	}
	for d := (glacier.JobDescription{}); !d.Completed; {
		d, err = v.Job(ctx, job)
		must(t, err)
	}
	out, err := v.Output(ctx, job, 1<<20, 2<<20-1)
	must(t, err)
	got, err := io.ReadAll(out.Body)
	must(t, err)
	must(t, out.Body.Close())
	if !bytes.Equal(got, data[1<<20:2<<20]) || !out.Hashed || out.Tree != parts[1].Tree || out.Total != int64(len(data)) {
		t.Errorf("output %+v, %d bytes", out, len(got))
	}
	must(t, v.DeleteArchive(ctx, first.Archive))
	must(t, v.DeleteArchive(ctx, first.Archive))
}
