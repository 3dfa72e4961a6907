// A client of io.vmpower.Control that shares nothing with ours: the varlink library for Go, and code that its
// generator made from our interface description. It prints one line per answer.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/varlink/go/varlink"
	control "vmpower/iovmpowercontrol"
)

func main() {
	ctx := context.Background()
	c, err := varlink.NewConnection(ctx, "unix:"+os.Args[1])
	check(err)
	defer c.Close()

	var vendor, product, version, url string
	var interfaces []string
	check(c.GetInfo(ctx, &vendor, &product, &version, &url, &interfaces))
	fmt.Println("info", vendor, version, interfaces)

	description, err := c.GetInterfaceDescription(ctx, "io.vmpower.Control")
	check(err)
	fmt.Println("description", strings.Count(description, "\nmethod "), "methods")
	_, err = c.GetInterfaceDescription(ctx, "a.b")
	fmt.Printf("no interface: %T\n", err)

	_, vm, err := control.ShowVm().Call(ctx, c, "web.1")
	check(err)
	fmt.Println("vm", vm.Name, vm.State, vm.Vcpus[0].Claim.Khz, *vm.Vcpus[1].Problem, *vm.Channels[1].Remedy)

	_, _, err = control.ShowVm().Call(ctx, c, "nope")
	fmt.Printf("no vm: %T %v\n", err, err.(*control.NoSuchVm).Vm)

	khz := int64(1800000)
	schema, results, err := control.SetCpuFreq().Call(ctx, c, []int64{2, 3}, "khz", &khz, true, nil, nil)
	check(err)
	fmt.Println("set", schema, results[0].Ok, *results[0].Khz, *results[1].Reason)

	_, cpus, err := control.ListCpus().Call(ctx, c, nil)
	check(err)
	fmt.Println("cpus", len(cpus), cpus[0].TableKhz)

	err = c.Call(ctx, "io.vmpower.Control.ShowVm", map[string]int{"vm": 7}, nil)
	fmt.Printf("wrong: %T %v\n", err, err.(*varlink.InvalidParameter).Parameter)

	receive, err := control.Subscribe().Send(ctx, c, varlink.More)
	check(err)
	fmt.Println("subscribed")
	for more := true; more; {
		_, event, lost, flags, err := receive(ctx)
		check(err)
		more = flags&varlink.Continues != 0
		fmt.Println("event", event.Message, lost, more)
	}
}

func check(err error) {
	if err != nil {
		fmt.Printf("failed: %T %v\n", err, err)
		os.Exit(1)
	}
}
