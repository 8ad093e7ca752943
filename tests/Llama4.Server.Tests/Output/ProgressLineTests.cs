using Llama4.Server.Output;

namespace Llama4.Server.Tests.Output;

public sealed class ProgressLineTests
{
    [Fact]
    public async Task Progress_WhereNobodyWatches_IsAPlainLineEveryFiveSeconds()
    {
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal { Input = TextReader.Null, Output = TextWriter.Null, Error = error };
        var clock = new SteppedClock();

        var result = await ProgressLine.RunAsync(
            terminal,
            "loading x",
            report =>
            {
                foreach (var (seconds, share) in (IEnumerable<(double, double)>)[(1, 0.1), (5, 0.25), (6, 0.3), (10, 0.5), (20, 1)])
                {
                    clock.Seconds = seconds;
                    report(share);
                }

                return Task.FromResult(7);
            },
            clock);

        result.ShouldBe(7);
        error.ToString().ShouldBe("loading x: 25 %\nloading x: 50 %\n");
    }

    private sealed class SteppedClock : TimeProvider
    {
        public double Seconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => (long)(Seconds * 1000);
    }
}
