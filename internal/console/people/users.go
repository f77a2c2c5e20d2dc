package people

import (
	"net/http"
	"net/url"
	"strconv"

	"firn/internal/console/frame"
	"firn/internal/iam"
)

// usersOnPage is how many users, or accounts, a page lists.
const usersOnPage = 50

// A userList is what the list of users shows.
type userList struct {
	Users       []iam.User
	After, Next string // markers: where this page begins, and the next one
	MayCreate   bool
	Accounts    *accountList // nil if they are not the caller's to see
	Typed       url.Values   // into a form that was refused
	Complaint   string
}

// showUsers lists the account's users.
func showUsers(c *frame.Call) error { return usersPage(c, http.StatusOK, userList{}) }

func usersPage(c *frame.Call, status int, list userList) error {
	list.After, list.MayCreate = c.Query.Get("after"), c.MayAnywhere("iam:CreateUser")
	var users iam.ListUsersResult
	if err := c.Iam("ListUsers", &users, "MaxItems", strconv.Itoa(usersOnPage), "Marker", list.After); err != nil {
		return err
	}
	list.Users, list.Next = users.Users.Member, users.Marker
	p := frame.Page{Title: "Users", Tab: "users", Commands: []frame.Command{
		frame.AwsCommand("List users", "iam", "list-users"),
	}}
	if list.MayCreate {
		p.Commands = append(p.Commands, frame.AwsCommand("Create one", "iam", "create-user", "user-name", "NAME"))
	}
	if managesAccounts(c) {
		var err error
		if list.Accounts, err = accounts(c); err != nil {
			return err
		}
		p.Commands = append(p.Commands, accountCommands()...)
	}
	p.Data = list
	return c.Render(status, "users", p)
}

// usersAgain shows the list with what was typed and why it was refused, and any
// other error as it is.
func usersAgain(c *frame.Call, err error) error {
	e := frame.AsRefusal(err)
	if e == nil {
		return err
	}
	shown := usersPage(c, e.Status, userList{Typed: c.Form, Complaint: e.Text})
	if frame.AsRefusal(shown) != nil {
		return err // it is what he wants to know, and not that he may not see the list
	}
	return shown
}

// changeUsers does what the forms of the list are for.
func changeUsers(c *frame.Call) error {
	return c.Choose(map[string]func(*frame.Call) error{
		"create-user": createUser, "create-account": createAccount, "delete-account": deleteAccount,
	})
}

func createUser(c *frame.Call) error {
	name := c.Form.Get("user")
	if err := c.Iam("CreateUser", nil, "UserName", name); err != nil {
		return usersAgain(c, err)
	}
	return c.Done(frame.Link("user", "user", name), "The user %s is there. He has no rights and no key yet.", name)
}
