using Llama4.LoadTest.Faults;

namespace Llama4.LoadTest.Tests.Faults;

public class FaultGapsTests
{
    [Fact]
    public void Gap_CountsFromTheFaultOnAndWithTheStreamsThatWereOpen()
    {
        var gaps = new FaultGaps();
        gaps.Begin(10, "kill");
        gaps.Tokens(1, 9, 12, first: false);
        gaps.Tokens(1, 12, 12.1, first: false);
        gaps.Tokens(2, 9.9, 10.2, first: false);
        gaps.Tokens(3, 11, 15, first: true); // began after it, and waited
        gaps.Done(0, 0, null);

        var fault = gaps.Figures().ShouldHaveSingleItem();

        (fault.OpenStreams, fault.Streams, fault.FailedStreams, fault.ExitCode).ShouldBe((2, 3, 0, 0));
        fault.GapMax.ShouldBe(4, 1e-9);
        fault.GapP99.ShouldBe(2, 0.01);
        fault.GapMedian.ShouldBe(0.2, 0.01);
    }

    [Fact]
    public void Before_NothingIsPutDownToIt()
    {
        var gaps = new FaultGaps();
        gaps.Tokens(1, 0, 5, first: false);
        gaps.Begin(10, "kill");
        gaps.Tokens(1, 5, 9.9, first: false);

        gaps.Figures()[0].Streams.ShouldBe(0);
    }

    [Fact]
    public void LongGap_CountsWithEachFaultThatItSpans()
    {
        var gaps = new FaultGaps();
        gaps.Begin(10, "kill A");
        gaps.Begin(20, "kill B");
        gaps.Tokens(1, 8, 26, first: false);
        gaps.Tokens(2, 21, 22, first: false);

        var faults = gaps.Figures();

        faults.Select(fault => fault.GapMax).ShouldBe([16, 6]);
        faults.Select(fault => fault.Streams).ShouldBe([1, 2]);
    }

    [Fact]
    public void Failure_CountsWithTheFaultAfterWhichItCame()
    {
        var gaps = new FaultGaps();
        gaps.Begin(10, "kill A");
        gaps.Begin(20, "kill B");
        gaps.Ended(1, 9, 21, failed: true);
        gaps.Ended(2, 9, 11, failed: true);
        gaps.Ended(3, 9, 11, failed: false);

        gaps.Figures().Select(fault => fault.FailedStreams).ShouldBe([1, 1]);
    }

    [Theory]
    [InlineData("at 10s: kill -9 5", 10, "kill -9 5")]
    [InlineData("at 2.5: a: b", 2.5, "a: b")]
    public void Option_IsTimeAndCommand(string text, double at, string command) => FaultScript.ParseOption(text).ShouldBe(new ScheduledFault(at, command));

    [Theory]
    [InlineData("kill -9 5")]
    [InlineData("at noon: kill")]
    [InlineData("at 3s:")]
    public void WrongOption_IsRefused(string text) => Should.Throw<LoadTestException>(() => FaultScript.ParseOption(text)).Message.ShouldContain("expected 'at SECONDS s: COMMAND'");

    [Fact]
    public void Script_IsLinesOfSecondsAndCommand()
    {
        FaultScript.ParseFile("f", ["# first", "", "10 kill -9 5", "  12.5s echo 1"]).ShouldBe([new ScheduledFault(10, "kill -9 5"), new ScheduledFault(12.5, "echo 1")]);
        Should.Throw<LoadTestException>(() => FaultScript.ParseFile("f", ["1 a", "kill"])).Message.ShouldBe("f:2: expected 'SECONDS COMMAND', found 'kill'");
    }
}
