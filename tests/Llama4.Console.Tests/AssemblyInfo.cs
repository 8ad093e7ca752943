[assembly: Xunit.v3.Parallelization(MaxThreads = 2)] // pages beside each other wait for the same processors
