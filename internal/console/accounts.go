package console

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"strings"

	"firn/internal/iam"
)

// An accountList is what is shown of the server's accounts, to who manages
// them.
type accountList struct {
	Accounts    []iam.Account
	After, Next string
	Own         string
	Proposal    string // a number that is free, by all odds
	MayCreate   bool
	MayDelete   bool
}

// managesAccounts reports whether the caller may see all accounts of the
// server.
func (c *call) managesAccounts() bool {
	return c.caller.Account == c.h.cfg.Management && c.may("iam:ListAccounts")
}

// accounts lists them.
func (c *call) accounts() (*accountList, error) {
	list := &accountList{
		After: c.query.Get("account-after"), Own: string(c.caller.Account),
		MayCreate: c.may("iam:CreateAccount"), MayDelete: c.may("iam:DeleteAccount"),
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1e12))
	if err != nil {
		return nil, fmt.Errorf("propose an account's number: %w", err)
	}
	list.Proposal = fmt.Sprintf("%012d", n)
	var accounts iam.ListAccountsResult
	if err := c.iam("ListAccounts", &accounts, "MaxItems", strconv.Itoa(usersOnPage), "Marker", list.After); err != nil {
		return nil, err
	}
	list.Accounts, list.Next = accounts.Accounts.Member, accounts.Marker
	return list, nil
}

func accountCommands() []command {
	return []command{
		{"List accounts, with Firn's own program", "firn account list"},
		{"Create one", "firn account create NUMBER --name NAME"},
	}
}

// createAccount makes an account and shows its root key. The form proposes a
// number, so that sending it twice makes one account.
func createAccount(c *call) error {
	number := strings.TrimSpace(c.form.Get("account"))
	if number == "" {
		return c.instead(Root+"users", refuse(http.StatusBadRequest, "An account needs a number."))
	}
	var made iam.CreateAccountResult
	if err := c.iam("CreateAccount", &made, "AccountId", number, "AccountName", c.form.Get("account-name")); err != nil {
		return c.instead(Root+"users", err)
	}
	return c.showSecret(newSecret{
		Of: "the root of account " + made.Account.AccountID, Back: Root + "users", BackTo: "the users and accounts",
		ID: made.AccessKey.AccessKeyID, Secret: made.AccessKey.SecretAccessKey,
	})
}

// deleteAccount deletes an account whose number was typed.
func deleteAccount(c *call) error {
	number := strings.TrimSpace(c.form.Get("account"))
	if number == "" {
		return c.instead(Root+"users", refuse(http.StatusBadRequest, "Type the number of the account to delete."))
	}
	if err := c.iam("DeleteAccount", nil, "AccountId", number); err != nil {
		return c.instead(Root+"users", err)
	}
	return c.done(Root+"users", "The account %s is deleted.", number)
}
