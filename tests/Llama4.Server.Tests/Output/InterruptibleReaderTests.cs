using Llama4.Server.Output;

namespace Llama4.Server.Tests.Output;

public sealed class InterruptibleReaderTests
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Input_ThatSaysNothing_IsWaitedForUntilTheInterrupt()
    {
        using var silent = new SilentReader();
        using var interrupt = new CancellationTokenSource();

        var line = new InterruptibleReader(silent).ReadLineAsync(interrupt.Token).AsTask();
        await silent.IsRead.WaitAsync(Hang);
        await interrupt.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(line.WaitAsync(Hang));
    }

    [Fact]
    public async Task Input_OfSeveralLines_IsReadAsItIs()
    {
        using var reader = new InterruptibleReader(new StringReader("one\r\ntwo\nthe rest\n"));

        (await reader.ReadLineAsync(CancellationToken.None)).ShouldBe("one");
        (await reader.ReadLineAsync(CancellationToken.None)).ShouldBe("two");
        (await reader.ReadToEndAsync(CancellationToken.None)).ShouldBe("the rest\n");
        (await reader.ReadLineAsync(CancellationToken.None)).ShouldBeNull();
    }

    /// <summary>A terminal at which nobody types: a read that has begun ends with the reader only.</summary>
    private sealed class SilentReader : TextReader
    {
        private readonly TaskCompletionSource _isRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _end = new();

        public Task IsRead => _isRead.Task;

        public override string? ReadLine()
        {
            _isRead.SetResult();
            _end.Wait();
            return null;
        }

        protected override void Dispose(bool disposing)
        {
            _end.Set();
            base.Dispose(disposing);
        }
    }
}
