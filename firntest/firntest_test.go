package firntest_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"firn/firntest"
	"firn/internal/client"
	"firn/internal/sigv4"
)

func request(t *testing.T, s *firntest.Server, method, path, body string) (*http.Response, error) {
	t.Helper()
	c, err := client.New(client.Config{
		Endpoint: s.URL, Region: s.Region,
		Key: sigv4.Credentials{AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey},
	})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(context.Background(), client.Request{Method: method, Path: path, Body: client.Bytes([]byte(body))})
	if err == nil {
		t.Cleanup(func() { resp.Body.Close() })
	}
	return resp, err
}

func TestStart(t *testing.T) {
	var data, host string
	t.Run("inner", func(t *testing.T) {
		s := firntest.Start(t)
		data, host = s.Data, strings.TrimPrefix(s.URL, "http://")
		resp, err := request(t, s, "PUT", "/"+s.Account+"/vaults/v", "")
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 201 {
			t.Errorf("status %d", resp.StatusCode)
		}
		if entries, err := os.ReadDir(data); err != nil || len(entries) == 0 {
			t.Errorf("data directory: %v, %v", entries, err)
		}
		// Another one beside it is its own.
		other := firntest.Start(t)
		if _, err := request(t, other, "GET", "/-/vaults/v", ""); err == nil {
			t.Error("two servers share a vault")
		}
	})
	if _, err := net.Dial("tcp", host); err == nil {
		t.Error("the server outlives its test")
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("the data outlives its test: %v", err)
	}
}

// With the delays of Amazon, a job is in progress; with those of the test, the
// vault has an inventory.
func TestOptions(t *testing.T) {
	s := firntest.Start(t, firntest.Profile("aws"), firntest.InventoryInterval(0), firntest.LiveCounters(true),
		firntest.Delays(0, 0, 0, time.Hour))
	if _, err := request(t, s, "PUT", "/-/vaults/v", ""); err != nil {
		t.Fatal(err)
	}
	resp, err := request(t, s, "POST", "/-/vaults/v/jobs", `{"Type":"inventory-retrieval"}`)
	if err != nil {
		t.Fatal(err)
	}
	resp, err = request(t, s, "GET", resp.Header.Get("Location"), "")
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(body), `"StatusCode":"InProgress"`) {
		t.Errorf("job %s, %v", body, err)
	}
}
